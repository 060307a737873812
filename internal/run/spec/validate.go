// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
)

// validate returns what is wrong with a MeshUpgrade, as far as that is known
// without a cluster.
func validate(u *v1alpha1.MeshUpgrade) error {
	if err := install.ValidateRevisionName(u.Spec.Revision); err != nil {
		return err
	}
	faults := validation.IsDNS1123Subdomain(u.Name)
	if len(faults) == 0 { // saved copies are labelled with it
		faults = validation.IsValidLabelValue(u.Name)
	}
	if len(faults) > 0 {
		return fmt.Errorf("name the run %q: %s", u.Name, faults[0])
	}
	s := u.Spec
	switch {
	case s.Rollback:
		return fmt.Errorf("read MeshUpgrade %s: spec.rollback is set; remove it, and run `rerig rollback %s` to roll a run back", u.Name, u.Name)
	case s.WaveCount < 0:
		return errWaveCount(s.WaveCount)
	case s.WaveCount > 0 && len(s.Waves) > 0:
		return errors.New("split the namespaces: both a number of waves and the waves themselves were given; give one of them")
	case s.MaxParallel < 0:
		return errMaxParallel(s.MaxParallel)
	case s.ReadyTimeout != nil && s.ReadyTimeout.Duration <= 0:
		return fmt.Errorf("set the ready timeout: %s is not positive; use a duration such as 10m", s.ReadyTimeout.Duration)
	case s.Soak != nil && s.Soak.Duration < 0:
		return fmt.Errorf("set the soak: %s is negative; use a duration such as 1m, or 0s for none", s.Soak.Duration)
	case s.ParkMax != nil && s.ParkMax.Duration <= 0:
		return fmt.Errorf("set how long gateways are parked: %s is not positive; use a duration such as 1h", s.ParkMax.Duration)
	}
	if err := validateEnums(s); err != nil {
		return err
	}
	if err := validateRules(s.Workloads); err != nil {
		return err
	}
	return validateInstaller(s)
}

func errWaveCount(n int) error {
	return fmt.Errorf("split the namespaces: %d is not a number of waves; use 1 or more", n)
}

func errMaxParallel(n int) error {
	return fmt.Errorf("limit the restarts: %d is not a number of workloads; use 1 or more", n)
}

var trialModes = []string{"none", "in-service", "out-of-service"}

// enum is a field that takes one of a few words.
type enum struct {
	field, value string
	values       []string
}

func (e enum) validate() error {
	if e.value == "" || slices.Contains(e.values, e.value) {
		return nil
	}
	return fmt.Errorf("set %s: %q is unknown; use one of %s", e.field, e.value, strings.Join(e.values, ", "))
}

func validateEnums(s Spec) error {
	for _, e := range []enum{
		{field: "the strategy", value: s.Strategy, values: []string{"restart", "swap"}},
		{field: "the trial", value: s.Trial, values: trialModes},
		{field: "the tags", value: s.Tags, values: []string{"move", "keep"}},
		{field: "the gateways", value: s.Gateways, values: []string{"last", "first", "with-their-namespace", "leave"}},
		{field: "the labels", value: s.Labels, values: []string{"restore", "explicit"}},
	} {
		if err := e.validate(); err != nil {
			return err
		}
	}
	return nil
}

func validateRules(rules []v1alpha1.WorkloadRule) error {
	for _, r := range rules {
		allowed := enum{
			field: "the strategy of a rule", value: r.Strategy,
			values: []string{"restart", "evict", "swap", "held-rollout", "field", "leave"},
		}
		if err := allowed.validate(); err != nil {
			return err
		}
		if err := (enum{field: "the trial of a rule", value: r.Trial, values: trialModes}).validate(); err != nil {
			return err
		}
		if err := validatePattern(r); err != nil {
			return err
		}
		if (r.Strategy == "field") != (r.Field != "") {
			return errors.New("set the strategy of a rule: field needs the path of a field, such as field:spec.restartAt; " +
				"no other strategy takes one")
		}
		if r.Field != "" {
			if err := strategy.ValidateField(mesh.ParseKind(r.Kind), r.Field); err != nil {
				return fmt.Errorf("set the strategy of a rule: %w", err)
			}
		}
	}
	return nil
}

// validatePattern rejects a * that is only a part of a name: it would be taken
// literally and match nothing.
func validatePattern(r v1alpha1.WorkloadRule) error {
	for _, part := range []string{r.Kind, r.Namespace, r.Name} {
		if strings.Contains(part, "*") {
			return fmt.Errorf("read the rule %q: %q matches nothing; a * stands for any and must be the complete part "+
				"(in a file, leave the field out)", rulesText([]v1alpha1.WorkloadRule{r}), part)
		}
	}
	return nil
}
