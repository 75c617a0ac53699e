"""Gates: rules that a run or a pipeline must meet before anything goes on with it."""
