// SPDX-License-Identifier: Apache-2.0

package command_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/command"
)

// run executes a subcommand and returns its output.
func run(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	err := command.All()[args[0]](ctx, args[1:], &out)
	return out.String(), err
}

func TestManifestsAreStableForOneKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	first, err := run(t.Context(), "manifests", "--key", file, "--revision", "1-31-0", "--rate", "7")
	if err != nil {
		t.Fatal(err)
	}
	second, err := run(t.Context(), "manifests", "--key", file, "--revision", "1-31-0", "--rate", "7")
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Error("got different manifests for one key")
	}
	if !strings.Contains(first, `istio.io/rev: "1-31-0"`) || !strings.Contains(first, "--rate=7") {
		t.Error("got manifests without the values of the flags")
	}
}

func TestCommandsRejectBadFlags(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"rate of zero", []string{"load", "--rate", "0"}},
		{"unknown kind", []string{"load", "--kinds", "fornt", "--once"}},
		{"missing duration", []string{"sleep"}},
		{"invalid duration", []string{"sleep", "long"}},
		{"unknown flag", []string{"web", "--no-such-flag"}},
		{"invalid address", []string{"cart", "--listen", "nowhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := run(t.Context(), c.args...); err == nil {
				t.Errorf("%v: got no error, want one", c.args)
			}
		})
	}
}

func TestLoadOnceNamesKindAndPlace(t *testing.T) {
	_, err := run(t.Context(), "load", "--once", "--kinds", "tcp", "--tcp", "127.0.0.1:1")
	if err == nil || !strings.Contains(err.Error(), "tcp: load -> ingress: connect:") {
		t.Errorf("got error %v, want the kind and the place", err)
	}
}

func TestServicesRunUntilCanceled(t *testing.T) {
	for _, name := range []string{"web", "cart", "catalog", "notes", "ledger", "rates", "outside"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := run(ctx, name, "--listen", "127.0.0.1:0", "--ready", "127.0.0.1:0"); err != nil {
				t.Errorf("got error %v, want none", err)
			}
			if ctx.Err() == nil {
				t.Error("got an early exit, want it to run until canceled")
			}
		})
	}
}

func TestLoadPrintsReportAtEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	text, err := run(ctx, "load", "--listen", "127.0.0.1:0", "--kinds", "tcp", "--tcp", "127.0.0.1:1")
	if err != nil || !strings.Contains(text, "0 requests") {
		t.Errorf("got %q, %v, want an empty report", text, err)
	}
}
