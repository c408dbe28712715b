package cli

// What the tests of this package look into.
var (
	Duration = duration
	Seconds  = seconds
	Size     = size
	Quote    = quote
	Escape   = escape
	Age      = age
)

// Parse splits the words after a command.
func (c *Command) Parse(words ...string) (map[string]string, []string, error) { return c.parse(words) }
