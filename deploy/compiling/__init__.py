"""The build hook that compiles the hot modules into the wheel; hatch runs it, nothing imports it."""
