// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
)

// Request returns the run that a MeshUpgrade asks for: a new one, or the recorded
// one with what is asked for now. files are those of the command.
func Request(ctx context.Context, c Cluster, u *v1alpha1.MeshUpgrade, stated spec.Stated, files LocalFiles) (*Run, error) {
	r, err := requested(ctx, c, u, stated)
	if err != nil {
		return nil, err
	}
	r.files = files
	return r, nil
}

func requested(ctx context.Context, c Cluster, u *v1alpha1.MeshUpgrade, stated spec.Stated) (*Run, error) {
	r, err := Find(ctx, c, u.Name, u.Spec.IstioNamespace)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return begin(*u, nil)
	case r.Fresh:
		return begin(*u, r.found)
	case r.RollingBack() && r.Ended():
		n, err := begin(*u, r.found)
		n.replaces = r.summary()
		return n, err
	case r.RollingBack():
		return nil, fmt.Errorf("continue run %s: it is being rolled back; finish that first with `rerig rollback %s`", r.Name, r.Name)
	}
	switch fields := spec.Differences(u.Spec, r.Spec); {
	case len(fields) == 0:
		spec.UseAskedValues(&r.Spec, u.Spec)
	case r.Ledger.Installation == step.Installing && u.Spec.Revision == r.Spec.Revision && len(r.Ledger.Passed) == 0:
		return restartInstall(u, r, stated)
	case r.Ledger.Installation == step.Installing && spec.OnlyInstaller(fields):
		return r, r.changeInstaller(u, stated)
	default:
		return nil, errNameTaken(u.Name, fields, "")
	}
	return r, r.merge(u, stated)
}

// errNameTaken is the error of a name that a run with another purpose has. flags are
// those of a command on that run.
func errNameTaken(name string, fields []string, flags string) error {
	return fmt.Errorf("begin run %s: a run of that name is recorded and differs in spec.%s: "+
		"choose another name with --name, or look at that run with `rerig status %s%s`",
		name, strings.Join(fields, ", spec."), name, flags)
}

// restartInstall returns the run that starts in place of one whose first install
// did not finish, so that nothing was validated or moved yet: its file may have
// been the reason. The complete install is repeated.
func restartInstall(u *v1alpha1.MeshUpgrade, r *Run, stated spec.Stated) (*Run, error) {
	merged, _ := spec.Merge(u.Spec, r.Spec, stated)
	again := *u
	spec.CopyChangeable(&again.Spec, merged)
	n, err := begin(again, r.found)
	n.Ledger.Installation = step.Installing
	return n, err
}

// changeInstaller merges a request that installs the revision with another installer,
// after someone removed the revision during the run and its new install did not
// finish. The baseline and what was moved stay on record.
func (r *Run) changeInstaller(u *v1alpha1.MeshUpgrade, stated spec.Stated) error {
	if err := r.merge(u, stated); err != nil {
		return err
	}
	spec.CopyInstaller(&r.Spec, u.Spec)
	r.installer = true
	r.Changes = append(r.Changes, spec.Change{Field: "install", Was: "as recorded", Now: "as given now", NeedsApproval: true})
	return r.readIntent()
}

// merge writes into the run what a command states now. The record and the request
// are compared once: each change is approved or refused, none is ignored.
func (r *Run) merge(u *v1alpha1.MeshUpgrade, stated spec.Stated) error {
	recorded := r.Spec
	r.Unstated = spec.Unstated(recorded, stated)
	r.Spec, r.Changes = spec.Merge(u.Spec, recorded, stated)
	if stated.Fields["from"] && recorded.From != "" && u.Spec.From != recorded.From {
		return fmt.Errorf("change spec.from of run %s: it is recorded as %s, and the baseline for a rollback depends on it: "+
			"give --from %s or leave it out; or roll the run back with `rerig rollback %s` and start again",
			r.Name, recorded.From, recorded.From, r.Name)
	}
	return r.readIntent()
}

// ChangeTexts describes what a command changes.
func (r *Run) ChangeTexts() []string {
	var lines []string
	for _, c := range r.Changes {
		lines = append(lines, c.String())
	}
	return lines
}

// ErrBusy returns the error of a change to a run on which another process works:
// that process would not read it.
func (r *Run) ErrBusy(leaseHolder string) error {
	return fmt.Errorf("continue run %s: %s works on it and does not read what is asked for now (%s): "+
		"interrupt that process first (Ctrl-C), or wait until its Lease has expired, and run the same command again",
		r.Name, leaseHolder, strings.Join(r.ChangeTexts(), "; "))
}
