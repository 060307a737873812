// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
)

// helm takes the chart and its values into the MeshUpgrade, so that the record
// holds everything that a run needs to go on.
func (w *wish) helm(u *v1alpha1.MeshUpgrade) error {
	if w.chart == "" {
		if w.charts != "" || w.repo != "" || w.carry != "" || w.base || len(w.values) > 0 {
			return errors.New("read the command line: --repo, --chart-version, --values, --carry and --upgrade-base go with a chart: name it with --chart")
		}
		return nil
	}
	u.Spec.Helm = &v1alpha1.HelmChart{Chart: w.chart, Repository: w.repo, Version: w.charts, Carry: w.carry, Base: w.base}
	values, err := install.ReadValues(os.ReadFile, w.values)
	if err != nil || values == nil {
		return err
	}
	u.Spec.Helm.Values, err = raw(values)
	return err
}

// settled writes kinds as Kubernetes does, and makes a chart in a directory one that a
// run finds from wherever it goes on.
func settled(u *v1alpha1.MeshUpgrade) error {
	spelt(u.Spec.Workloads)
	if u.Spec.Helm == nil {
		return nil
	}
	c, err := install.Chart{Ref: u.Spec.Helm.Chart, Repository: u.Spec.Helm.Repository}.Local(filepath.Abs)
	if err != nil {
		return fmt.Errorf("find chart %s: %w", u.Spec.Helm.Chart, err)
	}
	u.Spec.Helm.Chart = c.Ref
	return nil
}

func raw(values map[string]any) (*runtime.RawExtension, error) {
	content, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("write values: %w", err)
	}
	return &runtime.RawExtension{Raw: content}, nil
}

// chartOf is a spec's chart in the installer's terms.
func chartOf(h *v1alpha1.HelmChart) (install.Chart, error) {
	c := install.Chart{Ref: h.Chart, Repository: h.Repository, Version: h.Version, Carry: h.Carry, Base: h.Base}
	var err error
	if c.Values, err = plain(h.Values); err != nil {
		return c, fmt.Errorf("spec.helm.values: %w", err)
	}
	if h.Carried != nil {
		c.Carried = &install.Carried{From: h.Carried.From}
		if c.Carried.Values, err = plain(h.Carried.Values); err != nil {
			return c, fmt.Errorf("spec.helm.carried: %w", err)
		}
	}
	return c, nil
}

func plain(r *runtime.RawExtension) (map[string]any, error) {
	values := map[string]any{}
	if r == nil {
		return values, nil
	}
	return values, kjson.Unmarshal(r.Raw, &values)
}

// note writes down what a draft found that the spec did not say: the version,
// and for a chart its own version and what was carried over. That is what is
// agreed to, and what the run goes on with.
func (r *run) note(d install.Draft) error {
	r.Spec.Version, r.intent.Version, r.needs = d.Version, d.Version, d.Needs
	if r.Spec.Helm == nil {
		return nil
	}
	noted := *r.Spec.Helm // what is on record stays as it is until it is written
	r.Spec.Helm, noted.Version = &noted, d.ChartVersion
	if d.Carried == nil || r.Spec.Helm.Carried != nil {
		return nil
	}
	values, err := raw(d.Carried.Values)
	r.Spec.Helm.Carried = &v1alpha1.CarriedValues{From: d.Carried.From, Values: values}
	return err
}
