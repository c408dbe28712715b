package shell

import (
	"slices"
	"strings"
)

// loop reads the body of a loop.
func (p *parser) loop(c *Command) {
	if p.word == "{" { // of a for loop, which few know
		p.failed = true
	}
	p.take("do")
	c.Inner = append(c.Inner, p.list())
	p.take("done")
}

// loopHead reads what is between for and do.
func (p *parser) loopHead() {
	p.advance()
	if p.at("(") {
		p.arithmetic()
	}
	for !p.failed && p.word != "do" && !p.at("") {
		if p.op && p.Text != "\n" && p.Text != ";" {
			p.failed = true
		}
		p.advance()
	}
}

// arithmetic goes over ((...)). The first parenthesis is the token.
func (p *parser) arithmetic() {
	var b strings.Builder
	p.through(&b, ')')
	p.advance()
}

func (p *parser) choice(c *Command) {
	c.Kind = Choice
	for more := true; more && !p.failed; more = p.word == "elif" {
		p.advance()
		c.Inner = append(c.Inner, p.list())
		p.take("then")
		p.body(c, p.list())
	}
	if p.word == "else" {
		p.advance()
		p.body(c, p.list())
	}
	p.take("fi")
}

func (p *parser) cases(c *Command) {
	c.Kind = Choice
	p.advance()
	p.advance() // the word
	p.newlines()
	p.take("in")
	for p.newlines(); !p.failed && p.word != "esac"; p.newlines() {
		p.skipOp("(")
		for !p.failed && !p.at(")") {
			if p.op && p.Text != "|" {
				p.failed = true
			}
			p.advance()
		}
		p.closes()
		p.body(c, p.list())
		if !p.skipOp(";;") && !p.skipOp(";&") && !p.skipOp(";;&") && p.word != "esac" {
			p.failed = true
		}
	}
	p.take("esac")
}

// function reads a definition from behind its name, or from the name if that is the token.
func (p *parser) function(c *Command, name string) {
	if !p.op { // behind the word function
		p.advance()
	}
	if p.skipOp("(") {
		p.closes()
	}
	p.newlines()
	body := p.command()
	*c = Command{Kind: Function, Name: name, Line: c.Line, Column: c.Column, Inner: []List{{{Pipelines: []Pipeline{{body}}}}}}
	if body.Kind == Simple {
		p.failed = true
	}
}

// redirection goes over one, if it is there, and the number in front of it.
func (p *parser) redirection() bool {
	if !p.op && p.tail && p.word != "" && strings.Trim(p.word, "0123456789") == "" {
		p.advance()
	}
	if !p.op || !isRedirection(p.Text) {
		return false
	}
	p.advance()
	if p.op { // what is redirected to must be a word
		p.failed = true
	}
	p.advance()
	return true
}

func isRedirection(op string) bool {
	return slices.Contains([]string{"<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"}, op)
}

// assigned tells whether a word is an assignment, and to which variable.
func assigned(w Word) (name string, is bool) {
	name, _, is = strings.Cut(w.Text, "=")
	name, _, _ = strings.Cut(strings.TrimSuffix(name, "+"), "[")
	return name, is && isName(name)
}
