"""What a triggerer does with a trigger."""

import asyncio
import json


def fire(trigger):
    """The event of a trigger that is stored and read again, as between worker and triggerer."""
    classpath, fields = trigger.serialize()
    fields = json.loads(json.dumps(fields))
    again = type(trigger)(**fields)
    assert classpath == f"{type(trigger).__module__}.{type(trigger).__name__}"

    async def first():
        return [event async for event in again.run()]

    (event,) = asyncio.run(first())
    return json.loads(json.dumps(event.payload))
