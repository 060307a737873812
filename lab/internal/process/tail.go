// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"path/filepath"
	"strings"
)

// tailLines of a log are quoted in an error: enough for a cause, too few to hide it.
const tailLines = 12

func (g *Group) tail(name string) string {
	path := filepath.Join(g.Logs, name+".log")
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "\nthe end of " + path + ":\n  " + strings.Join(lines, "\n  ")
}
