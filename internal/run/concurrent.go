// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/rerig/rerig/internal/run/spec"
)

// ErrGone returns the error of a run whose record was deleted while this process
// waited.
func (r *Run) ErrGone() error {
	return fmt.Errorf("continue run %s: its record no longer exists: run the same command again", r.Name)
}

// Proceeds reports whether a command that waited for another process does what it
// was about to do, given the record as it is now: the other process left nothing
// but its Lease, or what it did is not what this command asks for.
func (r *Run) Proceeds(now *Run) bool {
	if now == nil || now.Fresh || r.Fresh && now.Ended() && now.RollingBack() != r.RollingBack() {
		return true
	}
	return (r.Fresh || r.Ended()) && r.unchanged(now)
}

// FindAgain returns the run as it is recorded now, with the files of this command; nil
// if the record is gone.
func (r *Run) FindAgain(ctx context.Context, c Cluster) (*Run, error) {
	now, err := Find(ctx, c, r.Name, r.Spec.IstioNamespace)
	if now != nil {
		now.files = r.files
	}
	return now, err
}

// UseRecord makes the record as it is now the one that the run is written to.
func (r *Run) UseRecord(now *Run) {
	if now != nil {
		r.found = now.found
	}
}

// unchanged reports whether the record is still the one that was read, so that
// what was shown and approved here is about it.
func (r *Run) unchanged(now *Run) bool {
	return r.found != nil && equality.Semantic.DeepEqual(r.found.Spec, now.found.Spec) &&
		bytes.Equal(r.found.Status.Ledger, now.found.Status.Ledger)
}

// Conflicts returns an error if someone else approved, in the meantime, something
// else than this command asks for. Nobody here has seen that plan, and the
// request would be ignored.
func (r *Run) Conflicts(now *Run) error {
	if fields := spec.Differences(r.Spec, now.Spec); len(fields) > 0 {
		return errNameTaken(r.Name, fields, "")
	}
	var fields []string
	if r.RollingBack() != now.RollingBack() {
		fields = append(fields, "spec.rollback")
	}
	fields = append(fields, spec.ChangeableDifferences(r.Spec, now.Spec, r.asksFor)...)
	if len(fields) == 0 {
		return nil
	}
	return fmt.Errorf("continue run %s: someone else worked on it in the meantime, and its record differs from this request: %s; "+
		"this process changed nothing: run the same command again, which shows what is left", r.Name, strings.Join(fields, ", "))
}

// asksFor reports whether a command asks for a field of the specification. A run
// that starts asks for all of them.
func (r *Run) asksFor(field string) bool {
	return r.Fresh || slices.ContainsFunc(r.Changes, func(c spec.Change) bool { return c.Field == field })
}
