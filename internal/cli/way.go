// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
)

// wayOf is how a spec wants its revision brought up, none where it does not say.
func wayOf(s v1alpha1.MeshUpgradeSpec) (install.Way, error) {
	w := install.Way{Await: s.Await}
	if s.Install == nil {
		return w, nil
	}
	if s.Await {
		return w, fmt.Errorf("spec.install and spec.await were both given (--operator, --await): istioctl installs the revision, or other hands do; give one of them")
	}
	var err error
	if w.Operator, err = install.ParseOperator(s.Install.Raw); err != nil {
		return w, fmt.Errorf("spec.install: %w", err)
	}
	return w, nil
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

// from says what the revision is installed from, "" where other hands bring it.
func from(s v1alpha1.MeshUpgradeSpec, source string) string {
	if s.Await {
		return ""
	}
	return source
}
