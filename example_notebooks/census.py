"""What must hold of the people of the census, for 04_reproduce.ipynb."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series


class Answered(pa.DataFrameModel):
    """People of whom the work is known."""

    age: Series[int] = pa.Field(in_range={"min_value": 17, "max_value": 90})
    workclass: Series[pd.CategoricalDtype] = pa.Field(nullable=False)
