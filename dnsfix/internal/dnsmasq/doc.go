// Package dnsmasq reads options in dnsmasq's own syntax, as the environment
// variable DNSMASQ_ARGS and files like /etc/dnsmasq.conf hold them, and answers
// which servers and which fixed addresses they give a name.
//
// [Parse], [ParseArgs] and [ParseFile] return an [Options] or every mistake at
// once, each as an [*Error] that names the option as written and where. An option
// that dnsmasq has and baseinit does not is refused by name, since a container
// that starts without what it was told to do is worse than one that does not.
// [Options.Compile] makes the [Rules] that are looked up for each query.
//
// What surprises most: a name that has two rules is not decided by one of them.
// As in dnsmasq since 2.86, --address=/www.a.com/1.2.3.4 answers A alone, and a
// query for AAAA falls through to the next shorter rule, which may be an
// --address, a --server or a --local. Rules have this worked out beforehand.
//
// Differences from dnsmasq 2.90 are few and on purpose: the variable may quote
// (dnsmasq's start script split it at blanks), double quotes mean on the command
// line what they mean in a file, and values that dnsmasq accepts but cannot mean
// anything are refused: empty ones, host names as servers, surplus fields, names
// with blanks. The test of this package against dnsmasq lists each of them.
package dnsmasq

// Parser says where files are. The zero value is what [Parse] uses.
type Parser struct {
	// Root is put before the path of each file that is read: --conf-file,
	// --conf-dir and --servers-file. "" is the real root. Paths in [Options] do
	// not have it.
	Root string
	// Dir is what relative paths are relative to: "" is "/", where dnsmasq's
	// daemon looks, too.
	Dir string
}

// Parse reads options separated by blanks, quoted as in a shell but without any
// expansion: see [Split].
func Parse(args string) (*Options, error) { return Parser{}.Parse(args) }

// ParseArgs reads options that are words already.
func ParseArgs(args []string) (*Options, error) { return Parser{}.ParseArgs(args) }

// ParseFile reads a configuration file: an option a line, without the dashes and
// never abbreviated, "#" at the beginning or after a blank for comments.
// root is [Parser.Root].
func ParseFile(root, path string) (*Options, error) { return Parser{Root: root}.ParseFile(path) }

// Parse is [Parse] with the files of p.
func (p Parser) Parse(args string) (*Options, error) {
	words, err := Split(args)
	if err != nil {
		return nil, err
	}
	return p.ParseArgs(words)
}

// ParseArgs is [ParseArgs] with the files of p. An error is the [errors.Join] of
// an [*Error] for each option that cannot be used, of the first 100; the Options
// are nil then.
func (p Parser) ParseArgs(args []string) (*Options, error) {
	r := newReading(p)
	r.args(args)
	return r.finish()
}

// ParseFile is [ParseFile] with the files of p.
func (p Parser) ParseFile(path string) (*Options, error) {
	r := newReading(p)
	if err := r.file(r.absolute(path), false); err != nil {
		return nil, err
	}
	return r.finish()
}
