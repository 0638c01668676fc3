// consumer.cpp - the same in C++: the header must compile there, and the library be linked by its C names.
#include <cmath>
#include <iostream>
#include <skep/worker.h>
#include <string>

int main()
{
    skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    skep_worker *worker = nullptr;
    std::string error(200, '\0');

    options.worker = "consumer";
    options.broker = "mqtt://127.0.0.1:1";
    if (skep_worker_open(&options, &worker, &error[0], error.size()) != SKEP_OK)
        return 1;
    if (skep_worker_set_number(worker, "gpu_utilization", 0.5) != SKEP_OK ||
        skep_worker_set_number(worker, "gpu_utilization", std::nan("")) != SKEP_OK)
        return 2;
    skep_worker_progress(worker);
    if (skep_worker_close(worker, nullptr, 10) != SKEP_TIMEOUT)
        return 3;
    std::cout << "a worker in C++" << std::endl;
    return 0;
}
