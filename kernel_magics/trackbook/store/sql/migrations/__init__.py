"""How older stores become this version's: Alembic's scripts, run by `sql/upgrading.py` and by nobody else."""
