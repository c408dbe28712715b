//go:build linux

package execline

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// eltest tells by its code whether an expression is true: that of test(1), with any
// number of terms. A word that begins with a backslash is no operator. Without
// an expression it is false.
func eltest(p *Process, argv []string) ([]string, error) {
	t := tester{p: p, words: argv[1:]}
	if len(t.words) == 0 {
		return nil, &Exit{1, nil}
	}
	value, err := t.or()
	if err == nil && t.at < len(t.words) {
		err = t.wrong()
	}
	if err != nil {
		return nil, err
	}
	if !value {
		return nil, &Exit{1, nil}
	}
	return nil, nil
}

// tester reads an expression. What is not evaluated is still read.
type tester struct {
	p     *Process
	words []string
	at    int
}

func (t *tester) wrong() error {
	return &Exit{CodeUsage, fmt.Errorf("cannot understand the expression at argument %d", t.at+1)}
}

// take goes over a word if it is that operator.
func (t *tester) take(operator string) bool {
	if t.at < len(t.words) && t.words[t.at] == operator {
		t.at++
		return true
	}
	return false
}

func (t *tester) or() (bool, error) {
	value, err := t.and()
	for err == nil && t.take("-o") {
		var right bool
		right, err = t.and()
		value = value || right
	}
	return value, err
}

func (t *tester) and() (bool, error) {
	value, err := t.not()
	for err == nil && t.take("-a") {
		var right bool
		right, err = t.not()
		value = value && right
	}
	return value, err
}

func (t *tester) not() (bool, error) {
	if t.take("!") {
		value, err := t.not()
		return !value, err
	}
	if t.take("(") {
		value, err := t.or()
		if err == nil && !t.take(")") {
			err = t.wrong()
		}
		return value, err
	}
	return t.term()
}

func isUnary(w string) bool {
	return len(w) == 2 && w[0] == '-' && strings.IndexByte("bcdefghkLprSsuwxOUGNtznv", w[1]) >= 0
}

func isBinary(w string) bool {
	switch w {
	case "=", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}

func isOperator(w string) bool {
	return isUnary(w) || isBinary(w) || w == "-a" || w == "-o" || w == "!" || w == "(" || w == ")"
}

// operand reads a word that is data.
func (t *tester) operand() (string, error) {
	if t.at >= len(t.words) || isOperator(t.words[t.at]) {
		return "", t.wrong()
	}
	w := t.words[t.at]
	t.at++
	return strings.TrimPrefix(w, `\`), nil
}

func (t *tester) term() (bool, error) {
	if t.at < len(t.words) && isUnary(t.words[t.at]) {
		operator := t.words[t.at][1]
		t.at++
		w, err := t.operand()
		if err != nil {
			return false, err
		}
		return t.unary(operator, w)
	}
	left, err := t.operand()
	if err != nil {
		return false, err
	}
	if t.at == len(t.words) || !isBinary(t.words[t.at]) {
		return left != "", nil
	}
	operator := t.words[t.at]
	t.at++
	right, err := t.operand()
	if err != nil {
		return false, err
	}
	return binary(operator, left, right)
}

func (t *tester) unary(operator byte, w string) (bool, error) {
	switch operator {
	case 'z':
		return w == "", nil
	case 'n':
		return w != "", nil
	case 'v':
		_, set := t.p.Get(w)
		return set, nil
	case 't':
		fd, err := strconv.ParseUint(w, 10, 31)
		if err != nil {
			return false, &Exit{CodeUsage, fmt.Errorf("-t needs a descriptor, not %q", w)}
		}
		_, err = unix.IoctlGetTermios(int(fd), unix.TCGETS)
		return err == nil, nil
	case 'r':
		return unix.Access(w, unix.R_OK) == nil, nil
	case 'w':
		return unix.Access(w, unix.W_OK) == nil, nil
	case 'x':
		return unix.Access(w, unix.X_OK) == nil, nil
	}
	return fileIs(operator, w), nil
}

// fileIs are the tests of what stat(2) says.
func fileIs(operator byte, name string) bool {
	var st syscall.Stat_t
	stat := syscall.Stat
	if operator == 'h' || operator == 'L' {
		stat = syscall.Lstat
	}
	if stat(name, &st) != nil {
		return false
	}
	kind := st.Mode & syscall.S_IFMT
	switch operator {
	case 'b':
		return kind == syscall.S_IFBLK
	case 'c':
		return kind == syscall.S_IFCHR
	case 'd':
		return kind == syscall.S_IFDIR
	case 'f':
		return kind == syscall.S_IFREG
	case 'h', 'L':
		return kind == syscall.S_IFLNK
	case 'p':
		return kind == syscall.S_IFIFO
	case 'S':
		return kind == syscall.S_IFSOCK
	case 's':
		return st.Size > 0
	case 'g':
		return st.Mode&syscall.S_ISGID != 0
	case 'u':
		return st.Mode&syscall.S_ISUID != 0
	case 'k':
		return st.Mode&syscall.S_ISVTX != 0
	case 'O', 'U':
		return int(st.Uid) == os.Geteuid()
	case 'G':
		return int(st.Gid) == os.Getegid()
	case 'N':
		return st.Mtim.Nano() > st.Atim.Nano()
	}
	return true // -e
}

func binary(operator, left, right string) (bool, error) {
	switch operator {
	case "=":
		return left == right, nil
	case "!=":
		return left != right, nil
	case "<":
		return left < right, nil
	case ">":
		return left > right, nil
	case "=~":
		re, err := compile(right)
		return err == nil && re.MatchString(left), err
	case "-nt", "-ot", "-ef":
		return compareFiles(operator, left, right), nil
	}
	a, aerr := strconv.ParseInt(left, 10, 64)
	b, berr := strconv.ParseInt(right, 10, 64)
	if aerr != nil || berr != nil {
		return false, &Exit{CodeUsage, fmt.Errorf("%s compares whole numbers, not %q and %q", operator, left, right)}
	}
	switch operator {
	case "-eq":
		return a == b, nil
	case "-ne":
		return a != b, nil
	case "-lt":
		return a < b, nil
	case "-le":
		return a <= b, nil
	case "-gt":
		return a > b, nil
	}
	return a >= b, nil
}

func compareFiles(operator, left, right string) bool {
	var a, b syscall.Stat_t
	aerr, berr := syscall.Stat(left, &a), syscall.Stat(right, &b)
	switch operator {
	case "-ef":
		return aerr == nil && berr == nil && a.Dev == b.Dev && a.Ino == b.Ino
	case "-nt":
		return aerr == nil && (berr != nil || a.Mtim.Nano() > b.Mtim.Nano())
	}
	return berr == nil && (aerr != nil || a.Mtim.Nano() < b.Mtim.Nano())
}
