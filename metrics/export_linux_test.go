package metrics

// ParseStat reads the text of /proc/self/stat, of a machine started then.
func ParseStat(text string, boot int64) (p Process) {
	p.stat([]byte(text), boot)
	return p
}
