//go:build !linux

package fixattrs

import (
	"context"
	"errors"
)

func fix(context.Context, Config, rule) error { return errors.ErrUnsupported }
