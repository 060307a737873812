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
	for _, args := range [][]string{
		{"load", "--rate", "0"},
		{"load", "--kinds", "fornt", "--once"},
		{"sleep"},
		{"sleep", "long"},
		{"web", "--no-such-flag"},
		{"cart", "--listen", "nowhere"},
	} {
		if _, err := run(t.Context(), args...); err == nil {
			t.Errorf("%v: got no error, want one", args)
		}
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
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := run(ctx, name, "--listen", "127.0.0.1:0", "--ready", "127.0.0.1:0"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if ctx.Err() == nil {
			t.Errorf("%s: got an early exit, want it to run until canceled", name)
		}
		cancel()
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
