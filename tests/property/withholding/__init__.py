"""Random lives of bills through the withholding step, held against the plain model after every posting record."""
