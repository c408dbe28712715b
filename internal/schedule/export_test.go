package schedule

// Unknown is what Zone says of a zone that it does not find in these directories.
func Unknown(name string, dirs []string) error { return unknown(name, dirs) }
