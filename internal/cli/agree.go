// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// consent is how somebody agrees to a plan.
type consent struct{ yes bool }

func (c *consent) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.yes, "yes", false, "agree to the plan without being asked")
}

// possible says early what would be missing later: without a terminal nobody
// can be asked.
func (a *app) possible(c consent) error {
	if c.yes {
		return nil
	}
	if _, ok := terminal(a.In); !ok {
		return usageError{errors.New("ask for agreement to the plan: standard input is no terminal; look at it with `rerig plan`, and give --yes to agree to it unasked")}
	}
	return nil
}

// ask asks on the terminal. Anything but yes is no.
func (a *app) ask(ctx context.Context, c consent, question string) error {
	if c.yes {
		return nil
	}
	fmt.Fprintf(a.Err, "\n%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.Err)
		return ctx.Err()
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
		return errors.New("nobody agreed to the plan; nothing was changed")
	}
}
