// SPDX-License-Identifier: Apache-2.0

package install

// Draft is what an install would do, found before anything is touched.
type Draft struct {
	Revision  string   `json:"revision"`
	Version   string   `json:"version"`             // "" when only the cluster will know it
	By        string   `json:"by"`                  // whose hands do it, in words
	Namespace string   `json:"namespace,omitempty"` // where its istiod runs
	Image     string   `json:"image,omitempty"`     // of its istiod
	Objects   int      `json:"objects,omitempty"`   // that are applied
	LeftOut   []Object `json:"leftOut,omitempty"`   // gateways that the file asks for: istioctl would replace them in place, at once
	InPlace   []Object `json:"inPlace,omitempty"`   // what is no revision's own and is applied over what is there
	Notes     []string `json:"notes,omitempty"`     // what somebody who approves should know
	Needs     []Need   `json:"-"`                   // what the user must be permitted
	Carried   *Carried `json:"-"`                   // the old revision's values that the chart is given; nil when there are none
	File      string   `json:"file,omitempty"`      // what istioctl is given (the IstioOperator), or Helm (the values): YAML

	Istioctl     Istioctl `json:"-"` // where it is the one that installs
	ChartVersion string   `json:"-"` // where Helm installs
}
