package syslog

// Parser parses for a machine of that name.
func Parser(hostname string) func(m *Message, data []byte, local bool) {
	p := &parser{hostname: []byte(hostname)}
	return p.parse
}
