// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/plan"
)

// leaseDuration is after how long without a sign of life another process takes
// a run over. Whoever cannot renew the Lease for two thirds of it stops acting:
// another's clock may be fast, and a write may be under way.
const leaseDuration = 15 * time.Second

func (a *app) upgrade() *cobra.Command {
	var w wish
	var c consent
	var lease time.Duration
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Show the plan, ask, and move the mesh wave by wave",
		Long: `Show the plan, ask, and carry it out: the control plane first, then wave by
wave labels, restarts, proof on the wire, soak. A failing proof stops the run.

Interrupted, killed or cut off, nothing is lost: the same command goes on, and
asks again only when what is left is not what was agreed to. Where another
process works on the same run, this one watches, and takes over when that dies.

` + exitHelp,
		Example: `  rerig upgrade --to 1-31-0 --operator canary.yaml --istioctl ./istioctl-1.31.0
  rerig upgrade --to 1-31-0 --wave shop-data --wave shop-web,shop-edge --soak 5m
  rerig upgrade -f move.yaml --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := positive(lease); err != nil {
				return err
			}
			u, err := w.upgrade(cmd.Context(), a.Streams)
			if err != nil {
				return err
			}
			return a.move(cmd.Context(), u, w, c, lease)
		},
	}
	w.flags(cmd)
	c.flags(cmd)
	leaseFlag(cmd, &lease)
	return cmd
}

func leaseFlag(cmd *cobra.Command, lease *time.Duration) {
	cmd.Flags().DurationVar(lease, "lease-duration", leaseDuration, "after how long without a sign of life another process may take the run over; for two thirds of it the API server may be away")
}

func positive(lease time.Duration) error {
	if lease < 3*time.Second {
		return usageError{fmt.Errorf("hold the Lease: %s is too short to be renewed in; take at least 3s", lease)}
	}
	return nil
}

// move carries an upgrade out, from wherever it stands.
func (a *app) move(ctx context.Context, u *v1alpha1.MeshUpgrade, w wish, c consent, lease time.Duration) error {
	h, err := a.open(ctx, running)
	if err != nil {
		return err
	}
	defer h.Close()
	r, err := wanted(ctx, h, u, w.said)
	if err != nil {
		return err
	}
	a.stays(r, w)
	r.source, r.istioctl = w.source(), w.istioctl
	return a.carryOut(ctx, h, r, c, lease)
}

// stays says what a file leaves as it is on record.
func (a *app) stays(r *run, w wish) {
	if len(r.kept) > 0 {
		fmt.Fprintf(a.Err, "rerig: %s does not say %s: that stays as it is on record\n", w.file, strings.Join(r.kept, ", "))
	}
}

// wanted is the run that an upgrade asks for: a new one, or the one on record,
// with what is wanted of it now.
func wanted(ctx context.Context, h home, u *v1alpha1.MeshUpgrade, s said) (*run, error) {
	r, err := recorded(ctx, h, u.Name)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return beginning(*u, nil)
	case r.fresh:
		return beginning(*u, r.found)
	case r.back() && r.ended():
		n, err := beginning(*u, r.found)
		n.replaces = r.past()
		return n, err
	case r.back():
		return nil, fmt.Errorf("go on with run %s: it is being rolled back: finish that first with `rerig rollback %s`", r.Name, r.Name)
	}
	switch fields := differences(u.Spec, r.Spec); {
	case len(fields) == 0:
	case r.ledger.Install == plan.Begun && u.Spec.Revision == r.Spec.Revision && len(r.ledger.Passed) == 0:
		return mended(u, r, s)
	case r.ledger.Install == plan.Begun && installOnly(fields):
		return r, r.installOver(u, s)
	default:
		return nil, another(u.Name, fields)
	}
	return r, r.carryOver(u, s)
}

// mended is the run that begins in place of one whose first install did not come to
// its end, so that nothing was judged yet, or moved: the file may have been the
// reason. The install is repeated whole.
func mended(u *v1alpha1.MeshUpgrade, r *run, s said) (*run, error) {
	carried, _ := carriedOver(u.Spec, r.Spec, s)
	again := *u
	for _, f := range carriedFields {
		f.take(&again.Spec, carried)
	}
	n, err := beginning(again, r.found)
	n.ledger.Install = plan.Begun
	return n, err
}

// installOver takes over another way to install the revision, where others took it
// away in the middle and its install was begun anew: what was found before the run,
// and what was moved by it, stays on record.
func (r *run) installOver(u *v1alpha1.MeshUpgrade, s said) error {
	if err := r.carryOver(u, s); err != nil {
		return err
	}
	r.Spec.Install, r.Spec.Helm, r.Spec.Await = u.Spec.Install, u.Spec.Helm, u.Spec.Await
	r.installs = true
	r.changes = append(r.changes, change{carried{name: "install", asks: true}, "as it is on record", "as it is given now"})
	return r.reread()
}

// agreed reports whether everything that is left was agreed to already, in the
// direction in which the run goes.
func (r *run) agreed(p plan.Plan) bool {
	return !r.fresh && !r.anew() && r.ledger.Turned == r.back() && len(plan.Drift(p.Stages, p.Target, r.ledger)) == 0
}
