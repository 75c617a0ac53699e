"""How older stores become this version's: Alembic's scripts, run by `sql/prepare.py` and by nobody else."""
