package cli

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/sillelien/baseinit/internal/control/api"
)

func healthyCommand() *Command {
	return &Command{
		Name: "healthy", Usage: "[SERVICE...]", Summary: "Ends with 0 if all is well, else with 1, and says why.",
		Details: "Without a SERVICE: the boot is over, the container is not being stopped, and each service that is wanted is ready or done, neither failed nor unhealthy nor between two starts. With some: that holds for them, which must be up, and for nothing else.",
		Examples: []Example{
			{"healthy", "is what `HEALTHCHECK CMD [\"baseinit\", \"healthy\"]` in a Dockerfile and an exec probe of Kubernetes run"},
			{"healthy web", "asks for web alone"},
		},
		Codes:     "0 all is well; 1 something is not; 2 the command line is wrong; 4 no baseinit answers",
		Completes: "services", Run: healthy,
	}
}

func healthy(c *Call) error {
	status, body, err := exchange("GET", "healthy", Query{}.Add("service", c.Args...), answerWithin)
	if err != nil {
		return err
	}
	defer body.Close()
	if status == 200 {
		return nil
	}
	var h api.Healthy
	text, _ := io.ReadAll(body)
	if json.Unmarshal(text, &h) != nil || len(h.Reasons) == 0 {
		return problem(status, strings.NewReader(string(text)))
	}
	for _, reason := range h.Reasons {
		if err := c.Printf("%s\n", reason); err != nil {
			return err
		}
	}
	return Exit(CodeFailed)
}
