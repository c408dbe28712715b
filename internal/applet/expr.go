//go:build linux

package applet

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/sillelien/baseinit/internal/execline"
)

// codeExpression is what expr(1) of POSIX ends with for an expression that is none.
const codeExpression = 2

// expr is s6-expr: expr(1) of POSIX without its colon. It ends with 1 if the value is
// nothing or 0.
func expr(_ *execline.Process, argv []string) ([]string, error) {
	_, rest, ok := execline.Options(argv[1:], "")
	if !ok {
		rest = argv[1:] // it has no options: the first word is a negative number
	}
	if len(rest) == 0 {
		return nil, errUsage
	}
	e := &expression{rest}
	value, err := e.binary(0)
	if err == nil && len(e.words) > 0 {
		err = fmt.Errorf("%q is not expected", e.words[0])
	}
	if err != nil {
		return nil, fail(codeExpression, "cannot work it out: %w", err)
	}
	if err := execline.Write(1, value+"\n"); err != nil {
		return nil, err
	}
	if !isTrue(value) {
		return nil, exit(1)
	}
	return nil, nil
}

// expression is what is left of one.
type expression struct{ words []string }

// rank tells which operator binds stronger; 0 is for what is none.
func rank(operator string) int {
	switch operator {
	case "|":
		return 1
	case "&":
		return 2
	case "=", "!=", "<", "<=", ">", ">=":
		return 3
	case "+", "-":
		return 4
	case "*", "/", "%":
		return 5
	}
	return 0
}

// binary reads operands and the operators that bind stronger than that.
func (e *expression) binary(least int) (string, error) {
	left, err := e.operand()
	for err == nil && len(e.words) > 0 && rank(e.words[0]) > least {
		operator := e.words[0]
		e.words = e.words[1:]
		var right string
		if right, err = e.binary(rank(operator)); err == nil {
			left, err = calculate(left, operator, right)
		}
	}
	return left, err
}

func (e *expression) operand() (string, error) {
	if len(e.words) == 0 {
		return "", errors.New("something is missing at the end")
	}
	word := e.words[0]
	e.words = e.words[1:]
	if word != "(" {
		return word, nil
	}
	value, err := e.binary(0)
	if err != nil {
		return "", err
	}
	if len(e.words) == 0 || e.words[0] != ")" {
		return "", errors.New("a parenthesis is not closed")
	}
	e.words = e.words[1:]
	return value, nil
}

func isTrue(value string) bool {
	n, err := strconv.ParseInt(value, 10, 64)
	return value != "" && (err != nil || n != 0)
}

func calculate(left, operator, right string) (string, error) {
	switch rank(operator) {
	case rank("|"):
		if isTrue(left) {
			return left, nil
		}
		if right == "" {
			return "0", nil
		}
		return right, nil
	case rank("&"):
		if isTrue(left) && isTrue(right) {
			return left, nil
		}
		return "0", nil
	case rank("="):
		return compare(left, operator, right), nil
	}
	return arithmetic(left, operator, right)
}

// compare compares numbers as numbers, and all else as text.
func compare(left, operator, right string) string {
	order := cmp.Compare(left, right)
	x, xerr := strconv.ParseInt(left, 10, 64)
	y, yerr := strconv.ParseInt(right, 10, 64)
	if xerr == nil && yerr == nil {
		order = cmp.Compare(x, y)
	}
	var holds bool
	switch operator {
	case "=":
		holds = order == 0
	case "!=":
		holds = order != 0
	case "<":
		holds = order < 0
	case "<=":
		holds = order <= 0
	case ">":
		holds = order > 0
	case ">=":
		holds = order >= 0
	}
	if holds {
		return "1"
	}
	return "0"
}

func arithmetic(left, operator, right string) (string, error) {
	x, err := strconv.ParseInt(left, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no number", left)
	}
	y, err := strconv.ParseInt(right, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no number", right)
	}
	if y == 0 && (operator == "/" || operator == "%") {
		return "", errors.New("nothing can be divided by 0")
	}
	switch operator {
	case "+":
		x += y
	case "-":
		x -= y
	case "*":
		x *= y
	case "/":
		x /= y
	case "%":
		x %= y
	}
	return strconv.FormatInt(x, 10), nil
}
