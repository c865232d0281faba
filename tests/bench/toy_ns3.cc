/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sleep/wake toy in ns-3, as an ns-3 user would write it.
 *
 * A vCPU runs for U(1, 50) us and then sleeps, unless an interrupt is
 * pending, which it takes at once; a device raises an interrupt after an
 * exponential time of mean 100 us, again and again; a waker needs U(5, 20) us
 * from the interrupt until the sleeping vCPU runs.  toy.lua and toy_simpy.py
 * are the same toy.
 *
 *	toy_ns3 --wakeups=N			one run of N wake-ups
 *	toy_ns3 --replications=N --mode=MODE	N short runs of one wake-up
 *
 * A short run is about four events.  MODE says what comes before it:
 *
 *	fresh	what the manual says: destroy, next run number, new objects
 *	lean	destroy, next run number, new streams for the same objects;
 *		the least that gives independent replications
 *	bare	destroy only: the streams go on, nothing is seeded
 *
 * Prints key=value: what was done and CPU ns for each.
 */
#include <iostream>
#include <memory>
#include <string>
#include <sys/resource.h>
#include "ns3/core-module.h"

using namespace ns3;

class Toy
{
  public:
    Toy()
    {
        m_run = CreateObject<UniformRandomVariable>();
        m_run->SetAttribute("Min", DoubleValue(1000));
        m_run->SetAttribute("Max", DoubleValue(50000));
        m_interval = CreateObject<ExponentialRandomVariable>();
        m_interval->SetAttribute("Mean", DoubleValue(100000));
        m_latency = CreateObject<UniformRandomVariable>();
        m_latency->SetAttribute("Min", DoubleValue(5000));
        m_latency->SetAttribute("Max", DoubleValue(20000));
    }

    void Seed()
    {
        m_run->SetStream(0);
        m_interval->SetStream(1);
        m_latency->SetStream(2);
    }

    void Start(uint64_t more)
    {
        m_left = wakeups + more;
        m_asleep = m_waking = m_pending = false;
        Run();
        Device();
    }

    uint64_t wakeups{0};
    uint64_t events{0};

  private:
    static Time Draw(const Ptr<RandomVariableStream>& stream)
    {
        return NanoSeconds(stream->GetInteger());
    }

    void Device()
    {
        Simulator::Schedule(Draw(m_interval), &Toy::Interrupt, this);
    }

    void Run()
    {
        Simulator::Schedule(Draw(m_run), &Toy::Wait, this);
    }

    void Interrupt()
    {
        events++;
        m_pending = true;
        if (m_asleep && !m_waking)
        {
            m_waking = true;
            Simulator::Schedule(Draw(m_latency), &Toy::Wake, this);
        }
        Device();
    }

    void Wait()
    {
        events++;
        if (m_pending)
        {
            m_pending = false;
            Run();
        }
        else
        {
            m_asleep = true;
        }
    }

    void Wake()
    {
        events++;
        m_asleep = m_waking = m_pending = false;
        if (++wakeups == m_left)
        {
            Simulator::Stop();
            return;
        }
        Run();
    }

    uint64_t m_left{0};
    bool m_asleep{false};
    bool m_waking{false};
    bool m_pending{false};
    Ptr<UniformRandomVariable> m_run;
    Ptr<ExponentialRandomVariable> m_interval;
    Ptr<UniformRandomVariable> m_latency;
};

static uint64_t
CpuNs()
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000ULL +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000ULL;
}

int
main(int argc, char** argv)
{
    uint64_t wakeups = 1000000;
    uint64_t replications = 0;
    std::string mode = "fresh";
    std::string scheduler = "PriorityQueue";
    CommandLine cmd;

    cmd.AddValue("wakeups", "wake-ups in one run", wakeups);
    cmd.AddValue("replications", "short runs instead", replications);
    cmd.AddValue("mode", "before a short run: fresh, lean or bare", mode);
    cmd.AddValue("scheduler", "Map, List, Heap or PriorityQueue", scheduler);
    cmd.Parse(argc, argv);
    GlobalValue::Bind("SchedulerType",
                      TypeIdValue(TypeId::LookupByName("ns3::" + scheduler +
                                                       "Scheduler")));
    RngSeedManager::SetSeed(1);

    bool fresh = mode == "fresh";
    bool seed = mode == "lean";
    uint64_t runs = replications ? replications : 1;
    uint64_t length = replications ? 1 : wakeups;
    uint64_t done = 0;
    uint64_t events = 0;
    uint64_t began = CpuNs();
    auto toy = std::make_unique<Toy>();
    for (uint64_t r = 0; r < runs; r++)
    {
        RngSeedManager::SetRun(r + 1);
        if (fresh && r > 0)
        {
            done += toy->wakeups;
            events += toy->events;
            toy = std::make_unique<Toy>();
        }
        if (seed)
        {
            toy->Seed();
        }
        toy->Start(length);
        Simulator::Run();
        Simulator::Destroy();
    }
    done += toy->wakeups;
    events += toy->events;
    uint64_t cpu = CpuNs() - began;
    std::cout << "wakeups=" << done << "\nevents=" << events
              << "\nruns=" << runs << "\ncpu_ns=" << cpu << "\n";
    return 0;
}
