package shell

import "slices"

// Parse reads a script. It is not ok if it is no script that can be followed.
func Parse(text string) (list List, ok bool) {
	p := parser{lexer: lexer{text: text, line: 1}}
	p.advance()
	list = p.list()
	return list, !p.failed && p.at("") && p.word == ""
}

// parser has the token that comes next.
type parser struct {
	lexer
	token
	word  string // the token's text if it can be a reserved word
	level int
}

func (p *parser) advance() {
	p.token = p.next()
	p.word = ""
	if !p.op && !p.quoted && p.literal {
		p.word = p.Text
	}
}

// at tells whether the next token is that operator.
func (p *parser) at(op string) bool { return p.op && p.Text == op }

// take goes over a reserved word, which must be there.
func (p *parser) take(word string) {
	if p.word != word {
		p.failed = true
	}
	p.advance()
}

// operator goes over an operator, if it is there.
func (p *parser) skipOp(op string) bool {
	if !p.at(op) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) newlines() {
	for p.skipOp("\n") {
	}
}

// list reads statements up to a word or an operator that ends them.
func (p *parser) list() (l List) {
	if p.level++; p.level > deepest {
		p.failed = true
	}
	defer func() { p.level-- }()
	for p.newlines(); !p.failed && !p.endsList(); p.newlines() {
		s := p.statement()
		switch {
		case p.skipOp("&"):
			s.Background = true
		case p.skipOp(";"), p.at("\n"), p.endsList():
		default:
			p.failed = true
		}
		l = append(l, s)
	}
	return l
}

func (p *parser) endsList() bool {
	if p.op {
		return slices.Contains([]string{"", ")", ";;", ";&", ";;&"}, p.Text)
	}
	return slices.Contains([]string{"then", "else", "elif", "fi", "do", "done", "esac", "}"}, p.word)
}

func (p *parser) statement() (s Statement) {
	for !p.failed {
		s.Pipelines = append(s.Pipelines, p.pipeline())
		if !p.skipOp("&&") && !p.skipOp("||") {
			return s
		}
		p.newlines()
	}
	return s
}

func (p *parser) pipeline() (pipe Pipeline) {
	for p.word == "!" || p.word == "time" {
		p.advance()
	}
	for !p.failed {
		pipe = append(pipe, p.command())
		if !p.skipOp("|") && !p.skipOp("|&") {
			return pipe
		}
		p.newlines()
	}
	return pipe
}

// command reads one command with its redirections.
func (p *parser) command() Command {
	c := Command{Line: p.Line, Column: p.Column}
	switch {
	case p.at("(") && p.pos < len(p.text) && p.text[p.pos] == '(':
		c.Kind = Test
		p.arithmetic()
	case p.skipOp("("):
		c.Kind = Subshell
		p.body(&c, p.list())
		p.closes()
	case p.word == "{":
		p.advance()
		c.Kind = Group
		p.body(&c, p.list())
		p.take("}")
	case p.word == "[[":
		c.Kind = Test
		for !p.failed && p.word != "]]" && !p.at("") {
			p.advance()
		}
		p.take("]]")
	case p.word == "while" || p.word == "until":
		p.advance()
		c.Kind, c.Inner = Loop, []List{p.list()}
		p.loop(&c)
	case p.word == "for" || p.word == "select":
		c.Kind = Loop
		p.loopHead()
		p.loop(&c)
	case p.word == "if":
		p.choice(&c)
	case p.word == "case":
		p.cases(&c)
	case p.word == "function":
		p.advance()
		p.function(&c, p.Text)
	case p.word == "coproc" || p.op && !isRedirection(p.Text):
		p.failed = true
	default:
		p.simple(&c)
		return c
	}
	for p.redirection() {
	}
	return c
}

// body notes a list that a command holds, and ends with.
func (p *parser) body(c *Command, l List) {
	c.Inner, c.Ends = append(c.Inner, l), append(c.Ends, l)
}

func (p *parser) closes() {
	if !p.skipOp(")") {
		p.failed = true
	}
}

// simple reads a program with its arguments, or finds that it is a function's definition.
func (p *parser) simple(c *Command) {
	for !p.failed {
		switch {
		case p.redirection():
		case p.at("(") && len(c.Words) == 1 && len(c.Assigns) == 0:
			p.function(c, c.Words[0].Text)
			return
		case p.op:
			return
		default:
			if name, assigns := assigned(p.Word); assigns && len(c.Words) == 0 {
				c.Assigns = append(c.Assigns, name)
			} else {
				c.Words = append(c.Words, p.Word)
			}
			p.advance()
		}
	}
}
