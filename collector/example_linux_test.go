package collector_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sillelien/baseinit/collector"
	"github.com/sillelien/baseinit/supervisor"
)

func Example() {
	sup, err := supervisor.New(supervisor.Config{Services: []supervisor.Service{
		{Name: "web", Command: []string{"sleep", "1000"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- sup.Run(ctx) }()
	<-sup.Ready()

	registry := prometheus.NewRegistry() // promhttp.HandlerFor serves it
	registry.MustRegister(collector.New(collector.Config{Supervisor: sup}))
	families, err := registry.Gather()
	for _, f := range families {
		if f.GetName() == "baseinit_service_up" {
			fmt.Println(f.GetName(), f.GetMetric()[0].GetLabel()[0].GetValue(), f.GetMetric()[0].GetGauge().GetValue(), err)
		}
	}
	cancel()
	<-ended
	// Output: baseinit_service_up web 1 <nil>
}
