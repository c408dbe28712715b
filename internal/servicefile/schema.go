package servicefile

import (
	"strconv"
	"strings"
)

// Schema is the JSON schema of the file, https://json-schema.org, for editors and other
// tools that know TOML.
func Schema() string {
	rest := strings.TrimPrefix(object("", "  "), "{\n")
	return `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "service.toml of baseinit",
` + rest + "\n"
}

// object is the schema of a table; indent is that of its keys.
func object(table, indent string) string {
	var b strings.Builder
	b.WriteString("{\n" + indent + `"type": "object", "additionalProperties": false,` + "\n" + indent + `"properties": {` + "\n")
	all := in(table)
	for i, k := range all {
		about := k.about
		if k.preset != "" {
			about += " Default: " + k.preset + "."
		}
		schema := ""
		switch k.kind {
		case kindTable:
			schema = object(join(table, k.name), indent+"    ")
		case kindTables:
			schema = `{"type": "array", "items": ` + object(join(table, k.name), indent+"    ") + "}"
		default:
			schema = k.kind.schema()
		}
		b.WriteString(indent + "  " + strconv.Quote(k.name) + `: {"description": ` + strconv.Quote(about) + ", " + strings.TrimPrefix(schema, "{"))
		if i < len(all)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString(indent + "}\n" + strings.TrimSuffix(indent, "  ") + "}")
	return b.String()
}
