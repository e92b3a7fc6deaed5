//! A small Atlas on 127.0.0.1, true to recorded replies. It shares no types with the client.
