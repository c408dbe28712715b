package tutum

// For the fuzz tests.
var (
	ParseJSON    = parseJSON
	ReadResponse = readResponse
)
