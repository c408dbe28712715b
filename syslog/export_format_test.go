package syslog

// FormatOptions are those of Config that say what lines look like.
type FormatOptions struct {
	Stamps, Octal bool
	MaxLine       int
}

// AppendWith is Append with options.
func (f Format) AppendWith(o FormatOptions, dst []byte, m *Message) (out []byte, lines int) {
	return (&formatter{f, o.Stamps, o.Octal, o.MaxLine}).append(dst, m)
}

// FacilityNames and SeverityNames are all of them, in order.
var (
	FacilityNames = facilityNames[:]
	SeverityNames = severityNames[:]
)
