package servicefile

import "strings"

// Key is a row of the table of keys, for the page that lists them.
type Key struct{ Name, Can, Preset, About string }

// Keys lists all keys.
func Keys() (all []Key) {
	for _, k := range &keys {
		all = append(all, Key{k.name, k.kind.can(), k.preset, k.about})
	}
	return all
}

// PlacesOf gives the places that the scanner finds: of keys and of their values.
func PlacesOf(text string) (keys, values map[string]Place) {
	keys, values = map[string]Place{}, map[string]Place{}
	for path, p := range locate(text) {
		keys[path], values[path] = p.key, p.value
	}
	return keys, values
}

// HasField tells whether a key sets anything.
func HasField(name string) bool {
	tables := map[string]any{
		"": &Service{}, "ready": &Ready{}, "health": &Check{}, "stop": &Stop{}, "schedule": &Schedule{}, "condition": &Condition{}, "log": &Log{},
	}
	table, word, inside := strings.Cut(name, ".")
	if !inside {
		table, word = "", name
	}
	return name == "health" || field(tables[table], word) != nil
}
