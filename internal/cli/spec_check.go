// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
)

// check says what is wrong with a MeshUpgrade by itself, before any cluster is
// looked at.
func check(u *v1alpha1.MeshUpgrade) error {
	if err := install.CheckRevision(u.Spec.Revision); err != nil {
		return err
	}
	faults := validation.IsDNS1123Subdomain(u.Name)
	if len(faults) == 0 { // what a removal keeps is labelled with it
		faults = validation.IsValidLabelValue(u.Name)
	}
	if len(faults) > 0 {
		return fmt.Errorf("name the run %q: %s", u.Name, faults[0])
	}
	s := u.Spec
	switch {
	case s.Rollback:
		return fmt.Errorf("read MeshUpgrade %s: spec.rollback is set; take it out, and use `rerig rollback %s` to take a run back", u.Name, u.Name)
	case s.WaveCount < 0:
		return fmt.Errorf("divide the namespaces: %d waves are none; take a number from 1", s.WaveCount)
	case s.WaveCount > 0 && len(s.Waves) > 0:
		return fmt.Errorf("divide the namespaces: both a number of waves and the waves themselves were given; give one of them")
	case s.MaxParallel < 0:
		return fmt.Errorf("limit the restarts: %d at the same time are none; take a number from 1", s.MaxParallel)
	case s.ReadyTimeout != nil && s.ReadyTimeout.Duration <= 0:
		return fmt.Errorf("limit the waiting: a ready timeout of %s leaves no time; take something like 10m", s.ReadyTimeout.Duration)
	case s.Soak != nil && s.Soak.Duration < 0:
		return fmt.Errorf("soak: %s is no time; take something like 1m, or 0s for none", s.Soak.Duration)
	}
	if err := checkChoices(s); err != nil {
		return err
	}
	return checkWay(s)
}
