// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/plan/selection"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// compare reads how the control planes are set up, for a run that goes forward,
// and returns the checks that fail or wait if the target is installed already.
// While it is not, the run itself compares them once it is.
func (r *Run) compare(
	ctx context.Context, c Cluster, p report.Proposal, version string,
) (settings mesh.ControlPlaneSettings, failing []verify.Verdict, err error) {
	t := p.Plan.Target
	if t.Rollback {
		return settings, nil, nil
	}
	if settings, err = r.Observer(c).Setups(ctx, t.ExistingNamespaces(p.World)); err != nil {
		return settings, nil, fmt.Errorf("compare the control planes: %w", err)
	}
	if _, exists := p.World.Revision(t.Revision); !exists || has(p.Plan.Stages, step.Install) {
		return settings, nil, nil
	}
	olds := r.oldRevisions(p)
	facts := verify.Facts{World: p.World, Revision: t.Revision, Version: version, Setups: settings, OldRevisions: olds,
		AcceptedLoss: settings.Lost(t.Revision, olds)} // the plan lists them
	for _, v := range verify.Evaluate(verify.ControlPlaneComparison, t.Revision, facts) {
		if v.Result == verify.Fail || v.Result == verify.Wait {
			failing = append(failing, v)
		}
	}
	return settings, failing, nil
}

func (r *Run) oldRevisions(p report.Proposal) []string {
	return plan.OldRevisions(p.World, r.Intent, r.Ledger, p.Plan.Target)
}

// preflight validates, before a run starts, the control planes that it leaves,
// and its target if that is installed already. A target that is partly installed
// is validated after the install.
func (r *Run) preflight(ctx context.Context, p report.Proposal, failing []verify.Verdict) error {
	serving, target, version := selection.RevisionsInUse(p.World, p.Plan.Target), r.Spec.Revision, r.Spec.Version
	if has(p.Plan.Stages, step.Install) {
		target = ""
	} else if version == "" {
		version = r.installableVersion(ctx)
	}
	var lines []string
	for _, v := range append(verify.Preflight(p.World, serving, target, version), failing...) {
		lines = append(lines, fmt.Sprintf("\n  revision %s: %s\n    %s", v.Subject, v.Reason, v.Hint))
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("validate the control planes before anything is moved (nothing was changed):%s", strings.Join(lines, ""))
}

// installableVersion returns the version that would be installed if the revision
// did not exist: an existing one of that name must have the same. It returns ""
// if that cannot be known.
func (r *Run) installableVersion(ctx context.Context) string {
	installer, err := spec.InstallerOf(r.Spec)
	if err != nil {
		return ""
	}
	installer.Istioctl = r.files.Istioctl
	version, err := installer.Version(ctx)
	if err != nil {
		return "" // the installer is missing, and is not needed
	}
	return version
}
