package servicefile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// kind says what the value of a key can be.
type kind int

const (
	kindTable kind = iota
	kindTables

	kindBool
	kindNot // a claim that the field has the other way round

	// One word.
	kindText
	kindName
	kindUser
	kindPath
	kindTCP
	kindURL
	kindCron
	kindZone

	// One word or several.
	kindNames
	kindGroups
	kindFiles
	kindHeaders
	kindEnvConditions
	kindFileConditions
	kindCapabilities

	// One of some words.
	kindType
	kindRestart
	kindAction
	kindOverlap
	kindFormat

	// Numbers.
	kindCount
	kindDescriptor
	kindNice
	kindOOM
	kindCodes    // several
	kindStatuses // several

	kindDuration
	kindLimit // a duration that may be 0
	kindCommand
	kindFinish // a command
	kindOctal
	kindSignal
	kindPattern
	kindVariables
	kindLimits
)

// can says it in words.
func (k kind) can() string {
	switch {
	case k.names() != nil:
		quoted := make([]string, len(k.names()))
		for i, name := range k.names() {
			quoted[i] = strconv.Quote(name)
		}
		return orList(quoted)
	case k == kindCodes, k == kindStatuses:
		least, most := k.bounds()
		return fmt.Sprintf("an array of numbers from %d to %d", least, most)
	case k >= kindCount && k <= kindOOM:
		least, most := k.bounds()
		if most == math.MaxInt32 {
			return fmt.Sprintf("a number, %d or more", least)
		}
		return fmt.Sprintf("a number from %d to %d", least, most)
	case k >= kindNames && k <= kindCapabilities:
		return k.one() + ", or an array of them"
	}
	switch k {
	case kindTable:
		return "a table"
	case kindTables:
		return "tables"
	case kindBool, kindNot:
		return "true or false"
	case kindDuration, kindLimit:
		return `a duration such as "500ms", "10s" or "1m30s"`
	case kindCommand, kindFinish:
		return `an array of words, ["PROGRAM", "ARGUMENT"], or a string, which /bin/sh -c runs`
	case kindOctal:
		return `an octal number in quotes, such as "022"`
	case kindSignal:
		return `a signal by name ("TERM" or "SIGTERM") or number (1 to 64)`
	case kindPattern:
		return "a regular expression (RE2)"
	case kindVariables:
		return `a table of NAME = "VALUE"`
	case kindLimits:
		return `a table of NAME = LIMIT: a number, "unlimited", or "SOFT:HARD"`
	}
	return k.one()
}

// one says what a word can be.
func (k kind) one() string {
	switch k {
	case kindName, kindGroups:
		return "a name or number"
	case kindUser:
		return `a name or number, or "USER:GROUP"`
	case kindPath:
		return "a path"
	case kindTCP:
		return `"HOST:PORT" or "unix:/PATH"`
	case kindURL:
		return `"http://HOST:PORT/PATH" or "unix:/SOCKET:/PATH"`
	case kindCron:
		return `a cron expression ("MINUTE HOUR DAY MONTH WEEKDAY"; second first, if there are 6) or "@daily", "@every 90s" and so on`
	case kindZone:
		return `"Europe/Berlin" or another that the image has, "UTC", or an offset ("+02:00")`
	case kindNames:
		return "the name of a service"
	case kindFiles:
		return `a file ("-" before it: it may be missing)`
	case kindHeaders:
		return `"NAME: VALUE"`
	case kindEnvConditions:
		return `"NAME" (it is set and not empty), "NAME=VALUE", "!NAME" or "!NAME=VALUE"`
	case kindFileConditions:
		return `a path ("!" before it: it must not exist)`
	case kindCapabilities:
		return `a capability, such as "CAP_NET_BIND_SERVICE"`
	}
	return "a text that is not empty"
}

// names are the words that a value can be, nil if they are not counted. Their order is that
// of the values that they mean.
// Inlined, 4 kB of code more.
//
//go:noinline
func (k kind) names() []string {
	switch k {
	case kindType:
		return []string{"longrun", "oneshot"}
	case kindRestart:
		return []string{"always", "on-failure", "never"}
	case kindAction:
		return []string{"restart", "stop", "ignore"}
	case kindOverlap:
		return []string{"skip", "queue", "replace"}
	case kindFormat:
		return []string{"raw", "plain", "text", "json"}
	}
	return nil
}

// bounds are those of a number.
func (k kind) bounds() (least, most int) {
	switch k {
	case kindDescriptor:
		return 3, 1023
	case kindNice:
		return -20, 19
	case kindOOM:
		return -1000, 1000
	case kindCodes:
		return 1, 255
	case kindStatuses:
		return 100, 599
	}
	return 1, math.MaxInt32
}

// schema says it in the words of json-schema.org, but for tables.
func (k kind) schema() string {
	const text = `{"type": "string", "minLength": 1}`
	least, most := k.bounds()
	number := fmt.Sprintf(`{"type": "integer", "minimum": %d, "maximum": %d}`, least, most)
	switch {
	case k.names() != nil:
		return `{"enum": ["` + strings.Join(k.names(), `", "`) + `"]}`
	case k == kindCodes, k == kindStatuses:
		return `{"type": "array", "items": ` + number + "}"
	case k >= kindCount && k <= kindOOM:
		return number
	case k >= kindNames && k <= kindCapabilities:
		return `{"oneOf": [` + text + `, {"type": "array", "items": ` + text + `}]}`
	}
	switch k {
	case kindBool, kindNot:
		return `{"type": "boolean"}`
	case kindDuration, kindLimit:
		return `{"type": "string", "pattern": "^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$"}`
	case kindCommand, kindFinish:
		return `{"oneOf": [` + text + `, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}`
	case kindOctal:
		return `{"type": "string", "pattern": "^[0-7]{1,4}$"}`
	case kindSignal:
		return `{"type": ["string", "integer"]}`
	case kindPattern:
		return `{"type": "string", "format": "regex"}`
	case kindVariables:
		return `{"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}}`
	case kindLimits:
		return `{"type": "object", "propertyNames": {"enum": ["` + strings.Join(limitNames(), `", "`) + `"]}, "additionalProperties": {"type": ["string", "integer"]}}`
	}
	return text
}
