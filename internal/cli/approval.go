// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/internal/report"
)

// approval is how someone approves a plan.
type approval struct{ yes bool }

func (c *approval) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.yes, "yes", false, "approve the plan without being asked")
}

// approve shows a plan and asks for its approval.
func (a *app) approve(ctx context.Context, p report.Proposal, c approval) error {
	if err := a.show(p); err != nil {
		return err
	}
	if c.yes {
		return nil
	}
	if _, ok := terminal(a.In); !ok {
		return usageError{errors.New("ask for approval of the plan: standard input is not a terminal; " +
			"give --yes to approve the plan that is shown above without being asked")}
	}
	return a.ask(ctx, fmt.Sprintf("Carry out plan %s?", p.Plan.Digest), "the plan was not approved; nothing was changed")
}

// errUnanswered is the error of a command that was interrupted at its question.
var errUnanswered = errors.New("the question was not answered")

// ask asks on the terminal. Any answer but yes is the error refused.
func (a *app) ask(ctx context.Context, question, refused string) error {
	fmt.Fprintf(a.Err, "\n%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.Err)
		return fmt.Errorf("%w; nothing was changed", errUnanswered)
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
		return errors.New(refused)
	}
}
