// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/sensitive"
)

// setInstaller writes the IstioOperator file, or the chart and its values, into
// the specification, so that the record holds everything that a run needs to
// continue.
func (f *Flags) setInstaller(s *Spec) error {
	s.Await = f.await
	if err := f.setChart(s); err != nil || f.operator == "" {
		return err
	}
	o, err := install.ReadIstioOperator(f.operator)
	if err != nil {
		return err
	}
	body, err := o.JSON()
	if err != nil {
		return fmt.Errorf("read the IstioOperator file %s: %w", f.operator, err)
	}
	s.Install = &runtime.RawExtension{Raw: body}
	return nil
}

func (f *Flags) setChart(s *Spec) error {
	if f.chart == "" {
		if f.chartVersion != "" || f.repository != "" || f.inherit != "" || f.upgradeBase || len(f.values) > 0 {
			return errors.New("read the command line: --repo, --chart-version, --values, --inherit and --upgrade-base need a chart: " +
				"name it with --chart")
		}
		return nil
	}
	s.Helm = &v1alpha1.HelmChart{
		Chart: f.chart, Repository: f.repository, Version: f.chartVersion, Inherit: f.inherit, Base: f.upgradeBase,
	}
	values, err := install.ReadValues(os.ReadFile, f.values)
	if err != nil || values == nil {
		return err
	}
	s.Helm.Values, err = marshalValues(values)
	return err
}

// InstallerOf returns how a specification has its revision installed. Nothing in
// it is set where the specification does not say. Stored values must have been
// loaded (LoadValues) if they matter.
func InstallerOf(s Spec) (install.Method, error) {
	w := install.Method{Await: s.Await}
	err := checkOneInstaller(s)
	if err != nil {
		return w, err
	}
	if s.Helm != nil {
		w.Chart, err = chartOf(s.Helm)
		return w, err
	}
	if s.Install == nil {
		return w, nil
	}
	if w.IstioOperator, err = install.ParseIstioOperator(s.Install.Raw); err != nil {
		return w, fmt.Errorf("spec.install: %w", err)
	}
	return w, nil
}

func checkOneInstaller(s Spec) error {
	if count(s.Install != nil, s.Helm != nil, s.Await) > 1 {
		return errors.New("more than one installer was given: spec.install (--operator) has istioctl install the revision, " +
			"spec.helm (--chart) has Helm do so, spec.await (--await) leaves it to another tool; give one of them")
	}
	return nil
}

// InstalledFrom returns what the revision is installed from, for people: the
// chart, the named source of the IstioOperator, or else the record.
func InstalledFrom(s Spec, source string) string {
	switch {
	case s.Await:
		return ""
	case s.Helm != nil:
		return install.Chart{Ref: s.Helm.Chart, Repository: s.Helm.Repository}.String()
	}
	return cmp.Or(source, "the run's record (spec.install)")
}

// SetDraft writes into a specification what a draft of the install found out: the
// version and, for a chart, its version and the inherited values. Inherited
// values that were approved before stay. The chart of s is copied, not changed.
func SetDraft(s *Spec, d install.Draft) error {
	s.Version = d.Version
	if s.Helm == nil {
		return nil
	}
	helm := *s.Helm
	s.Helm, helm.Version = &helm, d.ChartVersion
	if d.Inherited == nil || helm.Inherited != nil {
		return nil
	}
	values, err := marshalValues(d.Inherited.Values)
	s.Helm.Inherited = &v1alpha1.InheritedValues{From: d.Inherited.From, Values: values}
	return err
}

// validateInstaller returns what is wrong with the installer, as far as that is
// known without a cluster.
func validateInstaller(s Spec) error {
	if h := s.Helm; h != nil && (sensitive.URL(h.Chart) != h.Chart || sensitive.URL(h.Repository) != h.Repository) {
		return fmt.Errorf("read chart %s: the URL contains credentials, and everyone who may read the MeshUpgrade would see them. "+
			"Log in with `helm repo add NAME URL --username USER` and give --chart NAME/istiod, or with `helm registry login`",
			install.Chart{Ref: h.Chart, Repository: h.Repository})
	}
	if _, stored := v1alpha1.SecretValuesOf(s.Install); stored {
		return checkOneInstaller(s) // it was parsed before it was stored
	}
	w, err := InstallerOf(s)
	if err != nil || !w.IstioOperator.IsSet() {
		return err
	}
	_, err = w.IstioOperator.ForRevision(s.Revision)
	return err
}

func chartOf(h *v1alpha1.HelmChart) (install.Chart, error) {
	c := install.Chart{Ref: h.Chart, Repository: h.Repository, Version: h.Version, InheritFrom: h.Inherit, UpgradeBase: h.Base}
	var err error
	if c.Values, err = unmarshalValues(h.Values); err != nil {
		return c, fmt.Errorf("spec.helm.values: %w", err)
	}
	if h.Inherited != nil {
		c.Inherited = &install.InheritedValues{From: h.Inherited.From}
		if c.Inherited.Values, err = unmarshalValues(h.Inherited.Values); err != nil {
			return c, fmt.Errorf("spec.helm.inherited: %w", err)
		}
	}
	return c, nil
}

func marshalValues(values map[string]any) (*runtime.RawExtension, error) {
	content, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("write values: %w", err)
	}
	return &runtime.RawExtension{Raw: content}, nil
}

func unmarshalValues(r *runtime.RawExtension) (map[string]any, error) {
	values := map[string]any{}
	if r == nil {
		return values, nil
	}
	return values, kjson.Unmarshal(r.Raw, &values)
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
