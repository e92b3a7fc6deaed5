"""Where other tools find this package: pytest loads a plugin from here."""
