"""The only rooms with windows: stores, lake, engines, mail. Everything that blocks, fails or costs lives here."""
