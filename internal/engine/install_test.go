// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// adviceError is the error of an installation that knows what to do.
type adviceError struct{ error }

func (adviceError) Advice() string { return "helm uninstall istiod-1-31-0" }

func (a adviceError) Unwrap() error { return a.error }

// Each installer has its own advice, which is the hint of the hold.
func TestHoldHasTheInstallersHint(t *testing.T) {
	t.Parallel()
	f := newUpgrade()
	f.installErr = fmt.Errorf("install: %w", adviceError{ErrRefused})
	if _, err := f.run(); err != nil {
		t.Fatal(err)
	}
	if f.ledger.Held == nil || f.ledger.Held.Hint != "helm uninstall istiod-1-31-0" {
		t.Errorf("held %+v", f.ledger.Held)
	}
	if hint := installHint(errors.New("no idea")); !strings.Contains(hint, "the same command again") || strings.Contains(hint, "istioctl") {
		t.Errorf("without advice: %q", hint)
	}
}
