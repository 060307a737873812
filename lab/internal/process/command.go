// SPDX-License-Identifier: Apache-2.0

package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rerig/rerig/lab/internal/component"
)

// command writes the component's files, creates its directories and opens its log.
func (g *Group) command(c component.Component) (*exec.Cmd, *os.File, error) {
	for _, f := range c.Files {
		if err := writeFile(f); err != nil {
			return nil, nil, err
		}
	}
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o755); err != nil {
			return nil, nil, fmt.Errorf("create the working directory: %w", err)
		}
	}
	if err := os.MkdirAll(g.Logs, 0o755); err != nil {
		return nil, nil, fmt.Errorf("create the log directory: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(g.Logs, c.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	cmd := exec.Command(c.Binary, c.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = append([]string{}, c.Env...), c.Dir, log, log
	return cmd, log, nil
}

func writeFile(f component.File) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return fmt.Errorf("create the directory of %s: %w", f.Path, err)
	}
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	if err := os.WriteFile(f.Path, []byte(f.Content), mode); err != nil {
		return fmt.Errorf("write %s: %w", f.Path, err)
	}
	return nil
}

// tailLines is the number of log lines that an error quotes.
const tailLines = 12

func (g *Group) logTail(name string) string {
	path := filepath.Join(g.Logs, name+".log")
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "\nEnd of " + path + ":\n  " + strings.Join(lines, "\n  ")
}
