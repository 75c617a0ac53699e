"""Takes what another store holds into a store."""
