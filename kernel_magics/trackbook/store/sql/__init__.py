"""The store in a database: SQLAlchemy Core, no ORM."""
