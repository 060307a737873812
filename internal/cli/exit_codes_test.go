// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
)

func TestExitCodeOfAnError(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"no error", t.Context(), nil, exitDone},
		{"refused", t.Context(), errors.New("refused"), exitRefused},
		{"usage", t.Context(), usageError{errors.New("no such flag")}, exitUsage},
		{"held", t.Context(), errHeld, exitHeld},
		{"held while interrupted", interrupted, errHeld, exitHeld},
		{"interrupted", interrupted, interrupted.Err(), exitInterrupted},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := exitCode(c.ctx, c.err); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// docs/reference/exit-codes.md and the help list every exit code, and the page
// every reason of a hold.
func TestExitCodesAreDocumented(t *testing.T) {
	codes := []string{}
	for _, code := range []int{exitDone, exitRefused, exitUsage, exitHeld, exitInterrupted} {
		codes = append(codes, strconv.Itoa(code))
	}
	reasons := []string{v1alpha1.ReasonCheckFailed, v1alpha1.ReasonTimedOut, v1alpha1.ReasonInstall, v1alpha1.ReasonWriteFailed,
		v1alpha1.ReasonPlanChanged, v1alpha1.ReasonForCommit, v1alpha1.ReasonWaveReverted}
	content, err := os.ReadFile("../../docs/reference/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	for _, c := range []struct {
		name, text, pattern string
		want                []string
	}{
		{"codes of the page", page, `(?m)^\| (\d+) \|`, codes},
		{"codes of the help", exitHelp, `(?m)^  (\d+) `, codes},
		{"reasons of the page", page, "(?m)^\\| `([A-Za-z]+)` \\|", reasons},
	} {
		var got []string
		for _, m := range regexp.MustCompile(c.pattern).FindAllStringSubmatch(c.text, -1) {
			got = append(got, m[1])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-code +text):\n%s", c.name, diff)
		}
	}
}
