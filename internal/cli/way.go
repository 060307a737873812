// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
)

// wayOf is how a spec wants its revision brought up, none where it does not say.
func wayOf(s v1alpha1.MeshUpgradeSpec) (install.Way, error) {
	w := install.Way{Await: s.Await}
	var err error
	if ways := count(s.Install != nil, s.Helm != nil, s.Await); ways > 1 {
		return w, fmt.Errorf("%d ways to bring the revision up were given, of spec.install (--operator), spec.helm (--chart) and spec.await (--await): istioctl installs it, Helm does, or other hands do; give one of them", ways)
	}
	if s.Helm != nil {
		w.Chart, err = chartOf(s.Helm)
		return w, err
	}
	if s.Install == nil {
		return w, nil
	}
	if w.Operator, err = install.ParseOperator(s.Install.Raw); err != nil {
		return w, fmt.Errorf("spec.install: %w", err)
	}
	return w, nil
}

func count(given ...bool) int {
	n := 0
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}

// checkWay says what is wrong with the way to bring the revision up, before
// anything is looked at.
func checkWay(s v1alpha1.MeshUpgradeSpec) error {
	w, err := wayOf(s)
	if err != nil || !w.Operator.Given() {
		return err
	}
	_, err = w.Operator.For(s.Revision)
	return err
}

// offered is the version that would be installed if the revision were not there:
// one that is there under that name must be of the same. "" when nothing tells.
func (r *run) offered(ctx context.Context) string {
	w, err := wayOf(r.Spec)
	if err != nil {
		return ""
	}
	w.Istioctl = r.istioctl
	version, err := w.Version(ctx)
	if err != nil {
		return "" // what would install it is not at hand, and is not needed
	}
	return version
}

// from says what the revision is installed from: the chart, or the file that was
// named now, or else what is on record.
func from(s v1alpha1.MeshUpgradeSpec, source string) string {
	switch {
	case s.Await:
		return ""
	case s.Helm != nil:
		return install.Chart{Ref: s.Helm.Chart, Repository: s.Helm.Repository}.String()
	}
	return cmp.Or(source, "the run's record (spec.install)")
}
