//go:build linux

package applet

import (
	"fmt"
	"os"

	"github.com/sillelien/baseinit/internal/execline"
)

// chown is s6-chown: -U takes the owner from UID and GID.
func chown(p *execline.Process, argv []string) ([]string, error) {
	options, files, ok := execline.Options(argv[1:], "Uu:g:")
	if !ok || len(files) == 0 {
		return nil, errUsage
	}
	uid, gid := -1, -1
	for _, o := range options {
		switch o.Letter {
		case 'U':
			id, err := identityOf(p)
			if err != nil {
				return nil, err
			}
			uid, gid = *id.UID, *id.GID
		case 'u', 'g':
			id, err := number(o.Arg)
			if err != nil {
				return nil, err
			}
			if o.Letter == 'u' {
				uid = *id
			} else {
				gid = *id
			}
		}
	}
	for _, file := range files {
		if err := os.Chown(file, uid, gid); err != nil {
			return nil, fmt.Errorf("cannot change the owner: %w", err)
		}
	}
	return nil, nil
}
